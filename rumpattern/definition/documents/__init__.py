"""Documents that hold metric definitions: JSON, YAML, CloudFormation, Terraform plans; where the definitions stand."""
