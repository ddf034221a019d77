"""What changes supervision's state. Each public function says who holds the transaction."""
