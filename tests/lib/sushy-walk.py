# SPDX-License-Identifier: GPL-3.0-or-later
# What python3-sushy, which is not ours, makes of a Redfish service: sushy-walk.py URL [all]. Prints what it finds;
# it powers the machine on with a network boot for once, and with `all` looks at everything that it knows of.
import sys

import sushy
from sushy import auth

service = sushy.Sushy(
    sys.argv[1], auth=auth.SessionAuth(username="baton", password="s3cret-word"), verify=False
)
system = service.get_system()
print("uuid", system.uuid)
print("power", system.power_state.value)
system.set_system_boot_source(
    sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE, mode=sushy.BOOT_SOURCE_MODE_UEFI
)
system.refresh(force=True)
print("boot", system.boot.target.value, system.boot.enabled.value, system.boot.mode.value)
system.reset_system(sushy.RESET_ON)
system.refresh(force=True)
print("power", system.power_state.value, "boot", system.boot.enabled.value)
if sys.argv[2:] != ["all"]:
    sys.exit()

print("processors", len(system.processors.get_members()), "memory", system.memory_summary.size_gib)
print("macs", *sorted(e.mac_address for e in system.ethernet_interfaces.get_members()))
print("drives", sum(len(s.drives) for s in system.storage.get_members()))
for adapter in system.chassis[0].network_adapters.get_members():
    for function in adapter.network_device_functions.get_members():
        print("function", adapter.identity, function.identity, function.type.value)
system.bios.set_attributes({"NumaNodes": 4}, apply_time=sushy.APPLY_TIME_ON_RESET)
print("bios", system.bios.attributes["NumaNodes"], system.bios.pending_attributes["NumaNodes"])
system.reset_system(sushy.RESET_FORCE_RESTART)
system.bios.refresh(force=True)
print("bios", system.bios.attributes["NumaNodes"])
media = system.managers[0].virtual_media.get_members()[0]
media.insert_media("http://10.0.0.1/shim.iso")
media.refresh(force=True)
print("media", media.image, media.inserted)
media.eject_media()
media.refresh(force=True)
print("media", media.image, media.inserted)
print("sessions", len(service.get_session_service().sessions.get_members()))
print("firmware", len(service.get_update_service().firmware_inventory.get_members()))
try:
    system.set_system_boot_source(sushy.BOOT_SOURCE_TARGET_SD_CARD)
except sushy.exceptions.InvalidParameterValueError:
    print("refused by what the service allows")
