# The protocol of docs/design/0015 as a model: tests/model/exactly-one.pml, checked by spin.
SLOW_CHECKS += tests/model/check.sh

## model: checks the protocol by which a persona changes machines in all states it can reach
model:
	@tests/model/check.sh
.PHONY: model
