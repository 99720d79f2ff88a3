"""The directory that a tenant's people come from, and in which their accounts may live: Microsoft Entra or Okta.

What is read of it, how far, and what happens to people is one code for both (`rounds`, `people`, `groups`, `leaving`,
`suspending`); what each of them is asked, and how, stands in a folder of its own behind the contract (`contract`).
"""
