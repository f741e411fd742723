"""What if: systems in virtual time. The floor is laid, its rooms are not built yet."""

__all__: list[str] = []
