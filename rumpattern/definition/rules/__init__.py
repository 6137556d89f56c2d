"""What RUM and CloudWatch require of a definition: one generator of findings for each rule."""
