"""Facts about CloudWatch RUM and CloudWatch with their sources: names, event types, the table of metrics, limits."""
