"""What every room shares: requests, settings, errors and the machine; imports nothing of ours."""
