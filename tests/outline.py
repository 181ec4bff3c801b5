"""The tags and words of a page, for tests that look at what is on it."""

from html.parser import HTMLParser

VOID = {"meta", "img", "link", "br", "input"}


class Outline(HTMLParser):
    """Tags of a page, after checking that they are nested as they must be."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(page if isinstance(page, str) else page.decode())
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(text)

    def all(self, tag, **wanted):
        found = (attrs for name, attrs in self.tags if name == tag)
        return [a for a in found if all(a.get(key) == value for key, value in wanted.items())]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())
