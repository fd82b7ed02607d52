# The completion is bytes of the program.
$(B)/broker/cli/complete.o: broker/cli/completion.bash

# This test looks at the command line's own parts.
$(B)/tests/unit/cli_args_test: $(call LIB,cli)
libs_cli_args_test := -lcurl
