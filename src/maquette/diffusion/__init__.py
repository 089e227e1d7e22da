"""Step-wise diffusion: noise schedules, samplers, guidance and the batch that shares a pass."""
