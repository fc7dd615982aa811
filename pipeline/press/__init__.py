"""The press: the separate process in which documents and mail texts are made from templates.

Takes jobs over a socket (`wire`); reads nothing but the practice's template folder (`assets`, `lock`); leaves PDF bytes
or text. Values arrive as text and stay text. It knows no address, no account and no database.
"""
