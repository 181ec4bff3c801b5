"""Custom word lists: what is wrong is named with file and line."""

import pytest

from storage.prompt_lists import read_prompt_list


@pytest.fixture
def write(tmp_path):
    def written(content: bytes):
        path = tmp_path / "places.txt"
        path.write_bytes(content)
        return path

    return written


@pytest.mark.parametrize(
    "content", [b"Cairo\nS\xc3\xa3o Paulo\n", b"\xef\xbb\xbfCairo \r\n S\xc3\xa3o Paulo"]
)
def test_one_entry_a_line(write, content):
    assert read_prompt_list(write(content)) == ("Cairo", "São Paulo")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"Cairo\n\nOslo\n", "line 2: need an entry, got an empty line"),
        (b"Cairo\n   \n", "line 2: need an entry"),
        (b"Cairo\nOslo\nCairo\n", r"line 3: need each entry once, got 'Cairo' again \(line 1\)"),
        (b"Cairo\nS\xe3o Paulo\n", "line 2: need UTF-8, got a byte 0xe3"),
        (b"", "got an empty file"),
    ],
)
def test_bad_lists_are_one_clear_error(write, content, told):
    path = write(content)
    with pytest.raises(ValueError, match=told) as caught:
        read_prompt_list(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.txt: need a text file"):
        read_prompt_list(tmp_path / "nowhere.txt")
