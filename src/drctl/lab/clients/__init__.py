"""Those who order at the shop, and write down what they saw: the record that drctl's numbers are judged by.

They share no code with drctl. Each attempt has an id of its own, which is never sent twice.
"""
