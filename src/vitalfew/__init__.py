"""Which few things we build create value, and how do we know?"""
