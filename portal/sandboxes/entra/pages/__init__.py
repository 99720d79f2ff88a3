"""The pages on which a person plays Microsoft Authenticator."""
