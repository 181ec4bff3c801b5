"""The stage `labelling`: from chosen pictures to labels that can be trusted."""
