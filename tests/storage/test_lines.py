"""Files of lines: appended to, cut off by a death, replaced whole."""

from storage.lines import append_line, replace_lines, whole_lines


def test_lines_come_back_but_for_one_that_was_cut_off(tmp_path):
    path = tmp_path / "new" / "lines"
    assert whole_lines(path) == []
    replace_lines(path, ["first", "second"])
    append_line(path, "thïrd")
    assert whole_lines(path) == ["first", "second", "thïrd"]
    with path.open("a") as file:
        file.write("four")
    assert whole_lines(path) == ["first", "second", "thïrd"]
    replace_lines(path, whole_lines(path)[:1])
    assert path.read_bytes() == b"first\n"
    replace_lines(path, [])
    assert whole_lines(path) == []
