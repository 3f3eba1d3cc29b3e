"""What loyalty costs in euros, beside what the shop turns over, and what it may be said to bring. Plain arithmetic."""
