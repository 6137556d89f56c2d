"""Documents with metric definitions: JSON, YAML, CloudFormation, Terraform plans; and where definitions are in them."""
