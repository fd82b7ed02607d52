# The guard's drivers.
libs_guard_contract_test := -lnftnl -lmnl
