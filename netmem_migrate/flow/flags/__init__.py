# SPDX-License-Identifier: GPL-2.0-only
"""What a driver's pools sync for the device, what the driver syncs itself, and the step between."""
