# SPDX-License-Identifier: GPL-2.0-only
"""Who touches memory: the device by DMA, the CPU by address, and the DMA API between them.

Follows Documentation/networking/page_pool.rst (DMA sync) and netmem.rst. A device here is never
cache coherent, so that a sync that is missing shows.
"""

from __future__ import annotations

from netmem_migrate.model.runtime.errors import (
    NotMapped,
    NotReadable,
    NotSynced,
    RawDma,
    UseAfterRelease,
)
from netmem_migrate.model.runtime.memory import Address, Backing, Device, DmaAddress, Memory


def device_write(device: Device, dma: DmaAddress, size: int) -> None:
    """The device writes `size` bytes of a packet to `dma`.

    Raises NotMapped, UseAfterRelease, OutOfRange, or NotSynced where the CPU touched the bytes and
    they were not synced for the device since.
    """
    memory = dma.memory
    if not memory.mapped:
        raise NotMapped(f"{device.name} writes to {memory}, which is not mapped")
    if dma.generation != memory.generation:
        raise UseAfterRelease(f"{device.name} writes to {memory}, which was released")
    bits = memory.bits(dma.offset, size)
    if memory.backing is Backing.PAGE and bits & ~memory.device_bits:
        raise NotSynced(f"{device.name} writes bytes of {memory} that belong to the CPU")
    memory.dirty |= bits


def _cpu(address: Address | None, size: int, what: str) -> tuple[Memory, int]:
    if address is None:
        raise NotReadable(f"the CPU {what} {size} bytes at NULL")
    memory = address.reference.live(f"bytes which the CPU {what}")
    bits = memory.bits(address.offset, size)
    if bits & memory.dirty:
        raise NotSynced(f"the CPU {what} bytes of {memory} that the device wrote")
    return memory, bits


def cpu_read(address: Address | None, size: int) -> None:
    """The CPU reads `size` bytes: memcpy(), prefetch(), eth_type_trans(), an XDP program ...

    Raises NotReadable for NULL, UseAfterRelease, OutOfRange, NotSynced.
    """
    _cpu(address, size, "reads")


def cpu_write(address: Address | None, size: int) -> None:
    """The CPU writes `size` bytes, which then have to be synced for the device. Raises as above."""
    memory, bits = _cpu(address, size, "writes")
    memory.device_bits &= ~bits


def _raw(device: Device, dma: DmaAddress, what: str) -> Memory:
    if dma.memory.backing is not Backing.PAGE:
        raise RawDma(f"{what}() of {dma.memory}")
    if not dma.memory.mapped:
        raise NotMapped(f"{what}() of {dma.memory} for {device.name}")
    return dma.memory


def dma_sync_single_range_for_cpu(device: Device, dma: DmaAddress, offset: int, size: int) -> None:
    """The DMA API's own sync. Raises RawDma for a net_iov: its address is not the DMA API's."""
    _raw(device, dma, "dma_sync_single_range_for_cpu").give_to_cpu(dma.offset + offset, size)


def dma_sync_single_range_for_device(device: Device, dma: DmaAddress, offset: int,
                                     size: int) -> None:
    """The DMA API's own sync, for pools without PP_FLAG_DMA_SYNC_DEV. Raises RawDma."""
    _raw(device, dma, "dma_sync_single_range_for_device").give_to_device(
        dma.offset + offset, size)
