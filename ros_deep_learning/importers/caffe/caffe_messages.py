# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The protobuf messages of a prototxt, as far as networks need them."""

from __future__ import annotations

import functools
from typing import Any

_ENUMS = {
    'Phase': 'TRAIN TEST',
    'PoolMethod': 'MAX AVE STOCHASTIC',
    'RoundMode': 'CEIL FLOOR',
    'EltwiseOp': 'PROD SUM MAX',
    'NormRegion': 'ACROSS_CHANNELS WITHIN_CHANNEL',
    'OldType': (
        'NONE ABSVAL ACCURACY ARGMAX BNLL CONCAT CONTRASTIVE_LOSS CONVOLUTION DATA DECONVOLUTION '
        'DROPOUT DUMMY_DATA EUCLIDEAN_LOSS ELTWISE EXP FLATTEN HDF5_DATA HDF5_OUTPUT HINGE_LOSS '
        'IM2COL IMAGE_DATA INFOGAIN_LOSS INNER_PRODUCT LRN MEMORY_DATA MULTINOMIAL_LOGISTIC_LOSS '
        'MVN POOLING POWER RELU SIGMOID SIGMOID_CROSS_ENTROPY_LOSS SILENCE SOFTMAX SOFTMAX_LOSS '
        'SPLIT SLICE TANH WINDOW_DATA THRESHOLD'
    ),
}

_LAYER = """name:string bottom:string* top:string* include:Rule* exclude:Rule*
    batch_norm_param:BatchNorm concat_param:Concat convolution_param:Convolution crop_param:Crop
    dropout_param:Dropout dummy_data_param:DummyData eltwise_param:Eltwise flatten_param:Flatten
    inner_product_param:InnerProduct input_param:Input lrn_param:Lrn pooling_param:Pooling
    power_param:Power prelu_param:PRelu relu_param:Relu reshape_param:Reshape scale_param:Scale
    slice_param:Slice softmax_param:Softmax transform_param:Transform"""

# Fields of each message as name:type, with * for repeated and =default, from caffe.proto of
# BVLC/caffe. The text format refers to fields by name, so the numbers are just counted. ceil_mode
# is the older name of round_mode in forks; _param messages of other layers are left out.
_MESSAGES = {
    'Shape': 'dim:int64*',
    'Rule': 'phase:Phase min_level:int32 max_level:int32 stage:string* not_stage:string*',
    'BatchNorm': 'use_global_stats:bool=true eps:float=1e-5 scale_bias:bool',
    'Concat': 'axis:int32=1 concat_dim:uint32=1',
    'Convolution': """num_output:uint32 bias_term:bool=true group:uint32=1 axis:int32=1
        kernel_size:uint32* kernel_h:uint32 kernel_w:uint32 stride:uint32* stride_h:uint32
        stride_w:uint32 pad:uint32* pad_h:uint32 pad_w:uint32 dilation:uint32*""",
    'Crop': 'axis:int32=2 offset:uint32*',
    'Dropout': 'dropout_ratio:float=0.5',
    'DummyData': 'shape:Shape* num:uint32* channels:uint32* height:uint32* width:uint32*',
    'Eltwise': 'operation:EltwiseOp=SUM coeff:float*',
    'Flatten': 'axis:int32=1 end_axis:int32=-1',
    'InnerProduct': 'num_output:uint32 bias_term:bool=true axis:int32=1 transpose:bool',
    'Input': 'shape:Shape*',
    'Lrn': """local_size:uint32=5 alpha:float=1 beta:float=0.75 norm_region:NormRegion
        k:float=1""",
    'Pooling': """pool:PoolMethod kernel_size:uint32 kernel_h:uint32 kernel_w:uint32
        stride:uint32=1 stride_h:uint32 stride_w:uint32 pad:uint32 pad_h:uint32 pad_w:uint32
        global_pooling:bool round_mode:RoundMode ceil_mode:bool=true""",
    'Power': 'power:float=1 scale:float=1 shift:float=0',
    'PRelu': 'channel_shared:bool',
    'Relu': 'negative_slope:float',
    'Reshape': 'shape:Shape axis:int32=0 num_axes:int32=-1',
    'Scale': 'axis:int32=1 num_axes:int32=1 bias_term:bool',
    'Slice': 'axis:int32=1 slice_dim:uint32=1 slice_point:uint32*',
    'Softmax': 'axis:int32=1',
    'Transform': 'scale:float=1 mean_file:string mean_value:float*',
    'Layer': f'{_LAYER} type:string',
    'OldLayer': f'{_LAYER} type:OldType',
    'State': 'level:int32 stage:string*',
    'Net': """name:string input:string* input_shape:Shape* input_dim:int32* state:State
        layer:Layer* layers:OldLayer*""",
}


@functools.cache
def network_class() -> Any:
    """Return the class of a whole prototxt, in a pool of its own beside an installed Caffe's."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field_type = descriptor_pb2.FieldDescriptorProto
    package = 'ros_deep_learning_caffe'
    file = descriptor_pb2.FileDescriptorProto(
        name=f'{package}.proto', package=package, syntax='proto2'
    )
    for enum_name, values in _ENUMS.items():
        # Each in a message of its own: enum values belong to the scope around the enum, and two
        # enums have a MAX.
        enum = file.message_type.add(name=f'{enum_name}Scope').enum_type.add(name=enum_name)
        for number, value in enumerate(values.split()):
            enum.value.add(name=value, number=number)
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for number, text in enumerate(fields.split(), 1):
            name, _, rest = text.partition(':')
            kind, _, default = rest.partition('=')
            repeated = kind.endswith('*')
            label = field_type.LABEL_REPEATED if repeated else field_type.LABEL_OPTIONAL
            field = message.field.add(name=name, number=number, label=label)
            if default:
                field.default_value = default
            kind = kind.rstrip('*')
            if kind in _MESSAGES:
                field.type = field_type.TYPE_MESSAGE
                field.type_name = f'.{package}.{kind}'
            elif kind in _ENUMS:
                field.type = field_type.TYPE_ENUM
                field.type_name = f'.{package}.{kind}Scope.{kind}'
            else:
                field.type = getattr(field_type, f'TYPE_{kind.upper()}')
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f'{package}.Net'))


def enum_name(message: Any, field: str) -> str:
    """Return the name of an enum field's value."""
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[getattr(message, field)].name)
