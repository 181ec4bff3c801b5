"""MLCommons Croissant metadata of an export.

Reference: Croissant Format Specification 1.0, http://mlcommons.org/croissant/1.0.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from storage.datasets.cityscapes import IMAGE_SUFFIX
from storage.datasets.generated import LABEL_SUFFIX
from storage.export.card import PAPER, Origins
from storage.export.plan import ExportPlan
from storage.export.scene_table import CSV, PARQUET, SCENE_SCHEMA
from storage.manifests.columns import DOC

VERSION = "http://mlcommons.org/croissant/1.0"
NAME = "multishift_cityscapes"
URL = "https://arxiv.org/abs/2411.03829"
"""Page of the method; an export has no page of its own until somebody publishes it."""

_FORMATS = {PARQUET: "application/x-parquet", CSV: "text/csv"}
_FILE_FIELDS = {
    "image": ("leftImg8bit", IMAGE_SUFFIX, "picture, RGB"),
    "label": ("gtFine", LABEL_SUFFIX, "label: train ids 0 to 18, 254 unknown object, 255 void"),
}
_TYPES = {pa.string(): "sc:Text", pa.int64(): "sc:Integer", pa.float64(): "sc:Float"}

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(plan: ExportPlan, origins: Origins, tables: Mapping[str, bytes]) -> str:
    """The metadata as JSON-LD; ``tables`` are the files `PARQUET` and `CSV` as they are written."""
    content = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": NAME,
        "description": f"{len(plan.scenes)} generated street scenes with a label for every pixel, "
        f"unknown objects among them; the method is that of {PAPER}.",
        "conformsTo": VERSION,
        "citeAs": PAPER.replace("*", ""),
        "url": URL,
        "version": f"{len(plan.scenes)}.0.0+{plan.digest[:12]}",
        "license": [source.text for source in origins.sources] or ["unknown"],
        "datePublished": max(version.created for version in origins.versions)[:10],
        "creator": {"@type": "sc:Organization", "name": "The multishift authors"},
        "isLiveDataset": False,
        "distribution": [
            *(_file_object(name, content) for name, content in tables.items()),
            *(_file_set(kind, *facts) for kind, facts in _FILE_FIELDS.items()),
        ],
        "recordSet": [_scenes(), *(_files(kind, *facts) for kind, facts in _FILE_FIELDS.items())],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _file_object(name: str, content: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": "every fact of every scene, one row each",
        "contentUrl": name,
        "contentSize": f"{len(content)} B",
        "encodingFormat": _FORMATS[name],
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _file_set(kind: str, top: str, suffix: str, text: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{kind}_files",
        "name": f"{kind}_files",
        "description": text,
        "encodingFormat": "image/png",
        "includes": f"{top}/*/*/*{suffix}",
    }


def _scenes() -> dict[str, Any]:
    """Rows of the table, with the fields named as its columns are."""
    return {
        "@type": "cr:RecordSet",
        "@id": "scenes",
        "name": "scenes",
        "description": "one record a scene",
        "key": {"@id": "scenes/name"},
        "field": [_column_field(column) for column in SCENE_SCHEMA],
    }


def _column_field(column: pa.Field) -> dict[str, Any]:
    is_list = pa.types.is_list(column.type)
    return {
        "@type": "cr:Field",
        "@id": f"scenes/{column.name}",
        "name": column.name,
        "description": (column.metadata or {})[DOC].decode(),
        "dataType": _TYPES[column.type.value_type if is_list else column.type],
        **({"repeated": True} if is_list else {}),
        "source": {"fileObject": {"@id": PARQUET}, "extract": {"column": column.name}},
    }


def _files(kind: str, _top: str, suffix: str, text: str) -> dict[str, Any]:
    """The pictures themselves, each with the name of its scene."""
    name = {
        "@type": "cr:Field",
        "@id": f"{kind}s/name",
        "name": "name",
        "description": "name of the scene",
        "dataType": "sc:Text",
        "references": {"field": {"@id": "scenes/name"}},
        "source": {
            "fileSet": {"@id": f"{kind}_files"},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": f"^(.+){suffix.replace('.', '[.]')}$"},
        },
    }
    content = {
        "@type": "cr:Field",
        "@id": f"{kind}s/{kind}",
        "name": kind,
        "description": text,
        "dataType": "sc:ImageObject",
        "source": {"fileSet": {"@id": f"{kind}_files"}, "extract": {"fileProperty": "content"}},
    }
    return {
        "@type": "cr:RecordSet",
        "@id": f"{kind}s",
        "name": f"{kind}s",
        "description": text,
        "key": {"@id": f"{kind}s/name"},
        "field": [name, content],
    }
