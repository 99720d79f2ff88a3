"""The bridge: an OpenID Provider of the organisation's own, behind which any of its partners proves who somebody is.

For an organisation whose accounts are recovered elsewhere: its client there asks for `verified_claims`, the person is proven by a
partner of the marketplace here, and the client is told what was asked for and nothing else. No account is looked up or changed.
"""
