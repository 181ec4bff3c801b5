"""Random batches of the contrastive loss, and its hinge over all pairs by its definition."""

import torch

from storage.label_space import OOD_ID, VOID_ID


def random_target(shape, *, seed=0, ood_frac=0.2, void_frac=0.1):
    """Int64 labels: void and unknown objects at these shares, classes elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(19, shape, generator=generator)
    draw = torch.rand(shape, generator=generator)
    target[draw < ood_frac] = OOD_ID
    target[draw > 1 - void_frac] = VOID_ID
    return target


def random_batch(shape=(4, 6, 7), *, seed=0, **fractions):
    """Logits and scores that want gradients, and a target."""
    generator = torch.Generator().manual_seed(seed + 1000)
    logits = 3 * torch.randn(shape[0], 19, *shape[1:], generator=generator)
    score = 2 * torch.randn(shape, generator=generator)
    target = random_target(shape, seed=seed, **fractions)
    return logits.requires_grad_(), score.requires_grad_(), target


def regions(target):
    """I, A and O as the method names them, each over the whole batch."""
    is_in, is_ood = target < 99, target == OOD_ID
    is_first = torch.arange(len(target))[:, None, None] < len(target) // 2
    return is_in & is_first, is_in & ~is_first, is_ood


def hinge_of_all_pairs(known, ood, margin):
    """Mean of the hinge over every pair, one by one; 0 without pairs."""
    if not known.numel() or not ood.numel():
        return known.sum() * 0 + ood.sum() * 0
    return (known[:, None] + margin - ood[None, :]).relu().mean()
