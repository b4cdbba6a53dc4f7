"""Pages in a real browser: Debian's Chromium, headless, driven through the whole service."""
