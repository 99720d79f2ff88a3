"""The gallery answers by file name; nothing is routed."""

urlpatterns: list = []
