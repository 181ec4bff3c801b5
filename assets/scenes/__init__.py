"""The stage `scenes`: from frames and objects to the requests that a generator draws."""
