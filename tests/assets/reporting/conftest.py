"""Two made benchmarks and their pictures, drawn once."""

import pytest

from assets.reporting.page import report_page
from tests.assets.reporting.made_rows import acdc_poc, road_anomaly


@pytest.fixture(scope="session")
def blobs():
    return {}


@pytest.fixture(scope="session")
def measured(blobs):
    return (road_anomaly(blobs), acdc_poc(blobs))


@pytest.fixture(scope="session")
def page(measured, blobs):
    return report_page(measured, blobs, date="2026-01-31")
