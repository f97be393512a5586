"""Where partitions lie: a folder of this machine or a store that speaks S3, through one file system."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from pyarrow import Table, fs
from pyarrow import parquet as pq

from models.errors import Text, YuetanError


class StoreAway(YuetanError):
    code = "portfolio.store_away"
    message = Text("贷款簿的存储位置无法使用：{why}", "The store of loan books cannot be used: {why}")
    hint = Text(
        "请检查 YUETAN_PORTFOLIO_STORE：本机文件夹，或 s3://桶/前缀。",
        "Check YUETAN_PORTFOLIO_STORE: a folder of this machine, or s3://bucket/prefix.",
    )


class Store:
    """
    Files by path below one root.

    What is written is written aside and renamed, so that a file that is there
    is whole. On S3 an object appears when its upload has ended, and no renaming
    is needed.
    """

    def __init__(self, where: str) -> None:
        try:
            if "://" in where:
                system, root = fs.FileSystem.from_uri(where)
            else:
                folder = Path(where).resolve()
                folder.mkdir(parents=True, exist_ok=True)
                system, root = fs.LocalFileSystem(), str(folder)
        except (OSError, ValueError) as error:
            raise StoreAway(why=type(error).__name__) from error
        self._aside = system.type_name != "s3"
        self._fs: Any = fs.SubTreeFileSystem(root, system)

    def has(self, path: str) -> bool:
        """Return whether there is such a file."""
        found: fs.FileInfo = self._fs.get_file_info(path)
        return bool(found.type == fs.FileType.File)

    def read(self, path: str) -> bytes:
        """Return a file."""
        with self._fs.open_input_stream(path) as stream:
            data: bytes = stream.read()
        return data

    def write(self, path: str, data: bytes) -> None:
        """Put a file there as a whole."""

        def put(to: str) -> None:
            with self._fs.open_output_stream(to) as stream:
                stream.write(data)

        self._put(path, put)

    def table(self, path: str, columns: list[str] | None = None) -> Table:
        """Return a Parquet file, read by one thread: the other cores have partitions of their own."""
        return pq.read_table(path, filesystem=self._fs, columns=columns, use_threads=False)

    def write_table(self, path: str, table: Table) -> None:
        """Put a Parquet file there as a whole; the same table gives the same bytes."""
        self._put(path, lambda to: pq.write_table(table, to, filesystem=self._fs, compression="zstd"))

    def writer(self, path: str, schema: Any) -> pq.ParquetWriter:
        """Return a writer of a Parquet file, to be closed before it is named ``path`` by ``rename``."""
        self._fs.create_dir(path.rpartition("/")[0], recursive=True)
        return pq.ParquetWriter(path, schema, filesystem=self._fs, compression="zstd")

    def rename(self, old: str, new: str) -> None:
        """Give a file its name."""
        self._fs.move(old, new)

    def _put(self, path: str, put: Any) -> None:
        self._fs.create_dir(path.rpartition("/")[0], recursive=True)
        if not self._aside:
            put(path)
            return
        aside = f"{path}.{uuid4().hex}"
        put(aside)
        self._fs.move(aside, path)
