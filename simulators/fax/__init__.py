"""A HylaFAX server without modems: the real clients speak to it, faxes go to machines made up."""
