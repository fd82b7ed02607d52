# Parts of the edge that need no engine.
$(B)/tests/unit/edge_limit_test: $(B)/broker/edge/limit.o
$(B)/tests/unit/edge_proxied_test: $(B)/broker/edge/proxied.o
