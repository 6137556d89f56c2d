"""The command line: arguments, exit codes and printing, nothing else."""
