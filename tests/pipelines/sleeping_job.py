"""A job that goes on until it is killed."""

import time

import dagster as dg


@dg.op
def sleep():
    time.sleep(300)


@dg.job(executor_def=dg.in_process_executor)
def sleeps():
    sleep()
