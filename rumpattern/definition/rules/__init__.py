"""What RUM and CloudWatch ask of a definition that can be read: one generator of findings for each rule."""
