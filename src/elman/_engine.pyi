"""The native core, built from csrc/ where a C++17 compiler was found."""

def processor_features() -> dict[str, bool]:
    """What the processor can do: avx2 (with FMA), avx512f, avx512_bf16."""

def compiled_with() -> str:
    """Name and version of the compiler."""
