"""Payments: what credits are bought with, each booked once with the credits it brings."""
