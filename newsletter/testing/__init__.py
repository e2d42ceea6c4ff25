"""Look-alikes of the outside world, as strict as the world, for tests, benchmarks and rehearsals."""
