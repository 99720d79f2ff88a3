"""The pages a person is sent to. Each says that no money moves."""
