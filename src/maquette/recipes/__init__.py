"""One readable script per starter model; each ends in weights, a loss curve and figures."""
