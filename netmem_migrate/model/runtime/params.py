# SPDX-License-Identifier: GPL-2.0-only
"""What a pool is made with: struct page_pool_params, its flags, and the NAPI that consumes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, StrEnum
from types import TracebackType

from netmem_migrate.model.runtime.errors import WrongContext
from netmem_migrate.model.runtime.memory import Device


class PP_FLAG(IntFlag):
    """PP_FLAG_* of include/net/page_pool/types.h."""

    NONE = 0
    DMA_MAP = 1
    DMA_SYNC_DEV = 2
    ALLOW_UNREADABLE_NETMEM = 8


class DmaDir(StrEnum):
    """enum dma_data_direction, as far as a pool takes it."""

    FROM_DEVICE = "DMA_FROM_DEVICE"
    TO_DEVICE = "DMA_TO_DEVICE"


class Napi:
    """A NAPI instance: `with napi:` is its poll function, running.

    It begins disabled, as after netif_napi_add(): nothing runs then, and whoever sets up or tears
    down may touch what is the consumer's.
    """

    running: Napi | None = None

    def __init__(self, name: str = "napi") -> None:
        self.name = name
        self.enabled = False
        self._outer: Napi | None = None

    def __enter__(self) -> Napi:
        if not self.enabled:
            raise WrongContext(f"{self.name} polls although it is disabled")
        self._outer, Napi.running = Napi.running, self
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        Napi.running, self._outer = self._outer, None

    def enable(self) -> None:
        """napi_enable(): polls may run from now on."""
        self.enabled = True

    def disable(self) -> None:
        """napi_disable(): no poll runs any more."""
        self.enabled = False

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self.enabled else ', disabled'}>"


@dataclass(frozen=True, slots=True)
class PagePoolParams:
    """struct page_pool_params. `dev` is both its device and its net device."""

    dev: Device
    flags: PP_FLAG = PP_FLAG.NONE
    order: int = 0
    pool_size: int = 0
    napi: Napi | None = None
    dma_dir: DmaDir = DmaDir.FROM_DEVICE
    max_len: int = 0
    offset: int = 0
    queue_idx: int = 0
