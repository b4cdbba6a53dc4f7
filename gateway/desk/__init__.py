"""What people look at across channels; composes features and owns no tables."""
