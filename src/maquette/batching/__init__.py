"""What step-wise engines share, whatever they make: their thread, and what errors mean."""
