"""Copy that people use: templates, brand voices, campaigns, documents, and checks of all that."""
