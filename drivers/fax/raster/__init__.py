"""Documents become the pages that are faxed; all of it in processes with limits."""
