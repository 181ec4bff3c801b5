"""Generated scenes for people: contact sheets, an HTML page, and two rounds side by side."""
