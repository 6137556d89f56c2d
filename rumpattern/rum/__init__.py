"""What is documented of CloudWatch RUM and CloudWatch, as data: names, event types, the validation table, limits."""
