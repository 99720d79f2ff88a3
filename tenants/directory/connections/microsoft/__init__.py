"""Microsoft Entra, over Microsoft Graph: an application with a client secret, delta queries, Temporary Access Passes."""
